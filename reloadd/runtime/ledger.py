"""What a child imports, reads and does, noted in a file for the daemon: the ledger of a generation.

One JSON object a line, in the form of the wire (`wire.split_frames` reads both), each appended with one write.
Processes that the child forks go on in the same file, with imports only; what it starts by exec does not. Times are
milliseconds since the process that writes was told to `go` (or to `park`).

    begun    first line of each process: `pid`, `parent` (pid)
    path     `path`: the import path; at the start, and when it is another one at a look-up
    sought   `name`: the import system is asked for a module, for the first time
    found    `name`, `file`, `signature`, `user`: its source, or extension module, is about to be loaded
    missed   `name`: nobody has it
    entered  `name`: a module of the user's begins to run
    left     `name`, `took_ms`, `raised`: it has run to its end, or to an exception
    hooked   `by`: `sys.meta_path` is another one at a look-up; the type of each finder

and where the daemon asks for it, since looking at every event costs a start 4 to 6 %:

    opened   `file`, `signature`: a file of the user's is about to be opened for reading
    listed   `file`, `signature`: the same of a directory
    set      `name`, `value`, `by`: the user's code sets or, with null, unsets a variable of the environment
    effect   `event`, `detail`, `by`: what shows outside: an audit event of the interpreter, such as `socket.connect`

`signature` is `[st_mtime_ns, st_size, st_ino]` from before it was read, null where there is nothing; `by` is the
`file:line` of the user's that did it, null if it was done by another's. The user's (`user`) is whatever is neither the
standard library nor installed (`bytecode.is_installed`).
"""
