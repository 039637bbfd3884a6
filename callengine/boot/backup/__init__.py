"""
A backup: a folder with the database, the secrets, the settings and what admins edited.

`taking` makes one while the engine runs, `restoring` puts one back, `manifest` is how
a whole one is told from half a one.
"""
