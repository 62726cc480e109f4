# A base that trusts corp-ca.pem beside the public CAs, for hale and the service.
ARG BASE=hale-base:0.1.0
FROM ${BASE} AS base

FROM debian:bookworm-slim AS trust
COPY --from=base /etc/ssl/certs/ca-certificates.crt /
COPY corp-ca.pem /
RUN cat corp-ca.pem >>ca-certificates.crt

FROM base
COPY --from=trust /ca-certificates.crt /etc/ssl/certs/
