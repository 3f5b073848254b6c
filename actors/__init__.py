"""Who is alive: supervision, sessions, connections, jobs. The only room with pykka."""
