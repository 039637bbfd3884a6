"""HTTP and WebSocket: orders in, agents' desktops, the admin's questions."""
