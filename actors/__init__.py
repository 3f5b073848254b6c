"""Who is alive: supervision, sessions, connections, jobs, storage. The only room with pykka."""
