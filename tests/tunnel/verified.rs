//! TLS through the tunnel is verified against the name that the bastion knows the server by.
