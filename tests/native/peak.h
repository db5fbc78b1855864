/* The most memory that this program has had, in bytes. What getrusage says begins, on Linux, with what the process had that
 * started it, and would hide what is looked for. */
#include <stdio.h>
#include <sys/resource.h>

static long peak(void) {
  char line[256];
  long found = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && !found && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld kB", &found);
  if (status) fclose(status);
  if (found) return found * 1024;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return usage.ru_maxrss;
#else
  return usage.ru_maxrss * 1024;
#endif
}
