# Fails where an object of one instruction set defines a function that others may define too: the linker keeps one of
# them, and a plain machine may then meet AVX-512. Such functions belong into the namespace of the instruction set.
#
#   cmake -DNM=nm -DISA=avx512 -DOBJECTS=a.o;b.o -P isolated.cmake
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} -C --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[][;]" "?" symbols "${symbols}")
  string(REGEX MATCHALL "[^\n]+ W [^\n]+" shared "${symbols}")
  list(FILTER shared EXCLUDE REGEX "coin::${ISA}::")
  if(shared)
    list(JOIN shared "\n" lines)
    message(FATAL_ERROR "${object} defines what is not its own:\n${lines}")
  endif()
endforeach()
