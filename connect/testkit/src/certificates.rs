//! Servers that speak TLS.

use crate::shell::Folder;

/// Makes `ca.pem`, and `cert.pem` and `key.pem` of localhost, which it has signed.
pub fn certificates(folder: &Folder) {
    let line = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout ca.key -out ca.pem && \
                openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request && \
                echo subjectAltName=DNS:localhost >extensions && \
                openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out cert.pem";
    folder.run(line).exits(0);
}
