# The core: C++20, no Python. coin_decoder is what turns streams into pictures; whoever includes this adds what else it
# needs with coin_library.
find_package(Threads REQUIRED)
find_package(Python 3 REQUIRED COMPONENTS Interpreter)
set(COIN_ROOT ${CMAKE_CURRENT_LIST_DIR}/..)

option(COINCODEC_ONE_ISA "Compile kernels for the instruction set of the compiler's flags alone" OFF)

# clang-cl takes cl's options, and clang's after a prefix.
if(CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC")
  set(COIN_CLANG /clang:)
  set(COIN_WARNINGS /W4 -Wshadow)
else()
  set(COIN_CLANG "")
  set(COIN_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
endif()

# What is compiled for: Apple's compilers leave the variable at what they run on.
set(COIN_PROCESSOR ${CMAKE_SYSTEM_PROCESSOR})
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
  set(COIN_PROCESSOR ${CMAKE_OSX_ARCHITECTURES})
endif()

function(coin_options target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
                                             CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(${target} PRIVATE ${COIN_ROOT}/native)
  target_compile_definitions(${target} PRIVATE $<$<BOOL:${COINCODEC_ONE_ISA}>:COIN_ONE_ISA>)
  # Contraction is off so that the code decides where products and sums are fused, and the result is the same on every
  # instruction set that can fuse them.
  target_compile_options(${target} PRIVATE ${COIN_CLANG}-ffp-contract=off ${COIN_WARNINGS}
                                           $<$<BOOL:${COINCODEC_WERROR}>:-Werror>)
endfunction()

# coin_library(NAME SOURCES ... KERNELS ...): a static library, the kernels in it once for each instruction set. Its
# property COIN_OBJECTS has all of its objects.
function(coin_library name)
  cmake_parse_arguments(PARSE_ARGV 1 of "" "" "SOURCES;KERNELS")
  list(TRANSFORM of_SOURCES PREPEND ${COIN_ROOT}/ REGEX "^native/")
  list(TRANSFORM of_KERNELS PREPEND ${COIN_ROOT}/ REGEX "^native/")
  add_library(${name} STATIC ${of_SOURCES})
  coin_options(${name})
  target_link_libraries(${name} PUBLIC Threads::Threads)
  set_property(TARGET ${name} PROPERTY COIN_OBJECTS $<TARGET_OBJECTS:${name}>)
  if(COIN_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND NOT COINCODEC_ONE_ISA)
    set(sets baseline avx2 avx512)
  else()
    set(sets native)
  endif()
  set(options_avx2 -mavx2 -mfma)
  set(options_avx512 -mavx2 -mfma -mavx512f -mavx512dq)
  foreach(isa ${sets})
    set(kernels ${name}_${isa})
    add_library(${kernels} OBJECT ${of_KERNELS})
    coin_options(${kernels})
    target_compile_definitions(${kernels} PRIVATE COIN_ISA=${isa})
    target_compile_options(${kernels} PRIVATE $<$<CONFIG:Release,RelWithDebInfo>:${COIN_CLANG}-O3> ${COIN_CLANG}-fno-math-errno
                                              ${options_${isa}})
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:${kernels}>)
    set_property(TARGET ${name} APPEND PROPERTY COIN_OBJECTS $<TARGET_OBJECTS:${kernels}>)
    if(COINCODEC_WERROR)
      add_custom_target(${kernels}_isolated ALL
        COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DISA=${isa} "-DOBJECTS=$<TARGET_OBJECTS:${kernels}>"
                -P ${COIN_ROOT}/native/isolated.cmake
        VERBATIM)
      add_dependencies(${kernels}_isolated ${kernels})
    endif()
  endforeach()
endfunction()

set(starts ${COIN_ROOT}/src/coincodec/latent/starts.npz ${COIN_ROOT}/src/coincodec/latent/directions.npz)
set(starts_source ${CMAKE_CURRENT_BINARY_DIR}/starts_data.cpp)
add_custom_command(
  OUTPUT ${starts_source}
  COMMAND ${Python_EXECUTABLE} ${COIN_ROOT}/tools/embed_starts.py ${starts} ${starts_source}
  DEPENDS ${starts} ${COIN_ROOT}/tools/embed_starts.py
  VERBATIM)

file(GLOB_RECURSE decoder_sources CONFIGURE_DEPENDS ${COIN_ROOT}/native/decoder/*.cpp)
coin_library(coin_decoder
  SOURCES ${decoder_sources} ${starts_source} native/base/floats.cpp native/base/isa.cpp native/base/threads.cpp
          native/entropy/laplace.cpp native/entropy/logistic.cpp native/latent/coder.cpp
          native/latent/context_model.cpp native/latent/picture.cpp native/siren/forward.cpp
  KERNELS native/latent/integer.cpp native/latent/picture_kernel.cpp native/latent/synthesis.cpp
          native/latent/upsample.cpp native/siren/forward_kernel.cpp)
