"""The walls around an analysis: it reads its inputs, writes its scratch, and reaches nothing else.

A child reads people's data with native code, and runs SQL and kinds that others wrote. So it is treated as if it were
hostile, and what it was given is all that it can have:

    may                                                     may not
    ───────────────────────────────────────────────────     ────────────────────────────────────────────────────────
    read  <its folder>/inputs, Python, its libraries        read another task's input, /etc, the storage, the home
    write <its folder>/scratch, up to a size                change anything else: content, mode, owner, time, name
    talk  over the pipe that it was born with               open a socket of any kind, take a descriptor from one
    compute in as many threads as it likes                  start a process, run a program
    signal itself                                           signal, trace, limit or slow down any other process

Each wall is the kernel's, is built by the child itself between its birth and its first task, and cannot be taken down:

    fork ─► no-new-privs ─► no-capabilities ─► no-dump ─► rlimits ─► landlock, -net, -scope ─► seccomp ─► first task
                                                                                                  (for good, each)

| wall            | what it keeps                                                                | since Linux     |
|-----------------|------------------------------------------------------------------------------|-----------------|
| no-new-privs    | no program gives it more rights; the two big walls need it                   | 3.5             |
| no-capabilities | where Sundog runs as root: nothing of what makes root more than a user       |                 |
| no-dump         | its memory and environment from processes of the same user                   |                 |
| rlimits         | sizes and numbers: files, descriptors, threads, no core file                 |                 |
| landlock        | files: see above. Also which processes it could trace                        | 5.13            |
| landlock-net    | TCP                                                                          | 6.7 (ABI 4)     |
| landlock-scope  | signals, and sockets in the abstract namespace                               | 6.12 (ABI 6)    |
| seccomp         | every call that reaches past the process, sockets first                      | 3.5             |

Two walls mostly stand behind each other: what Landlock forbids by place, seccomp forbids by deed, and a hole in one is
no way out. Where they do not overlap:

- Landlock alone knows *which* file. Without it, a child reads and writes whatever the processor's user may.
- seccomp alone stops sockets in the file system (a database's among them), UDP, and what has no place: modes, owners
  and times of files, leases, limits of other processes, System V memory, kernel interfaces that have had holes.

The domain of Landlock can only get narrower, and a child is used again: so its folder is part of the rules and its
inputs are not. The supervisor links them into the folder before a task and takes them out after it.

A kernel or a container's profile may lack a wall. Which ones stand is found by building them in a throw-away child at
start and trying to get through. A processor works with those, says which in the log and in its row, and refuses to
start without those that SUNDOG_PROCESSOR_REQUIRE_CONFINEMENT names. A wall that stood at start and then cannot be built
ends the child before it has seen any data.

What stays open: a child can learn whether a path exists, and its size (no wall covers `stat`), it can write to the log,
and it can use up what it was allowed (see `processor.watchdog`).
"""
