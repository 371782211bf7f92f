/* SPDX-License-Identifier: MIT */
/* The process_ figures that every exporter has, out of /proc. What cannot be read is left out. */
#include "routes/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Fields of /proc/self/stat, numbered from 1 as proc(5) does. */
enum { THREADS = 20, START_TICKS = 22, VIRTUAL_BYTES = 23, RESIDENT_PAGES = 24, FIELDS = 25 };

static bool read_stat(double fields[FIELDS])
{
    char text[1024];
    FILE *from = fopen("/proc/self/stat", "re");
    if (from == NULL)
        return false;
    size_t len = fread(text, 1, sizeof text - 1, from);
    fclose(from);
    text[len] = '\0';
    /* The name stands in parentheses and may hold anything: fields are counted after the last. */
    char *at = strrchr(text, ')');
    if (at == NULL)
        return false;
    char *rest = at + 1;
    char *token;
    int field = 3;
    for (; field < FIELDS && (token = strsep(&rest, " ")) != NULL;) {
        if (*token == '\0')
            continue;
        char *end;
        double value = strtod(token, &end);
        if (field > 3 && end == token) /* the third is the state: a letter */
            return false;
        fields[field++] = value;
    }
    return field == FIELDS;
}

/* Seconds since 1970 at which the machine was booted. */
static double boot_time(void)
{
    struct timespec now, up;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    return (double)(now.tv_sec - up.tv_sec) + (double)(now.tv_nsec - up.tv_nsec) / 1e9;
}

static double open_descriptors(void)
{
    struct stat info;
    double count = 0;
    if (stat("/proc/self/fd", &info) == 0 && info.st_size > 0)
        return (double)info.st_size; /* since Linux 6.2 */
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return -1;
    /* cppcheck-suppress readdirCalled ; no other thread has this folder, and readdir_r is
     * deprecated */
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* that of the folder */
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* What /proc/self/stat says. */
static void add_stat(aurora__sheet *sheet)
{
    static const aurora__family start = AURORA__GAUGE_FAMILY(
        "process_start_time_seconds", "Unix time at which the process started.");
    static const aurora__family virtual_memory =
        AURORA__GAUGE_FAMILY("process_virtual_memory_bytes", "Virtual memory.");
    static const aurora__family resident_memory =
        AURORA__GAUGE_FAMILY("process_resident_memory_bytes", "Resident memory.");
    static const aurora__family threads = AURORA__GAUGE_FAMILY("process_threads", "Threads.");
    double fields[FIELDS] = {0};
    if (!read_stat(fields))
        return;
    aurora__sheet_add(sheet, &start, NULL,
                      boot_time() + fields[START_TICKS] / (double)sysconf(_SC_CLK_TCK));
    aurora__sheet_add(sheet, &virtual_memory, NULL, fields[VIRTUAL_BYTES]);
    aurora__sheet_add(sheet, &resident_memory, NULL,
                      fields[RESIDENT_PAGES] * (double)sysconf(_SC_PAGESIZE));
    aurora__sheet_add(sheet, &threads, NULL, fields[THREADS]);
}

void aurora__metrics_process(aurora__sheet *sheet)
{
    static const aurora__family cpu =
        AURORA__COUNTER_FAMILY("process_cpu_seconds_total", "Processor time of user and system.");
    static const aurora__family open_files =
        AURORA__GAUGE_FAMILY("process_open_fds", "Descriptors that are open.");
    static const aurora__family files_max =
        AURORA__GAUGE_FAMILY("process_max_fds", "Descriptors that may be open.");
    struct rusage usage;
    struct rlimit limit;
    double descriptors = open_descriptors();
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        aurora__sheet_add(sheet, &cpu, NULL,
                          seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    if (descriptors >= 0)
        aurora__sheet_add(sheet, &open_files, NULL, descriptors);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        aurora__sheet_add(sheet, &files_max, NULL, (double)limit.rlim_cur);
    add_stat(sheet);
}
