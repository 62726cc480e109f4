#!/bin/sh
# Your own CA, corp-ca.pem, for hale and a Go service. Beside the public CAs:
docker run -v "$PWD/corp-ca.pem:/own-ca/corp-ca.pem:ro" -e SSL_CERT_DIR=/own-ca app:1
# In their place for hale; Go trusts both:
docker run -v "$PWD/corp-ca.pem:/corp-ca.pem:ro" -e SSL_CERT_FILE=/corp-ca.pem app:1
# In their place for both:
docker run -v "$PWD/corp-ca.pem:/etc/ssl/certs/ca-certificates.crt:ro" app:1
