# stand-ins.Dockerfile - the base images that the Dockerfiles here start from, made of
# Debian's packages where no registry can be reached.
#
# A target for each; tests/images/conftest.py tags it with the public name. What they
# hold may be older than the name says.
FROM debian:bookworm-slim AS debian
RUN sed -n 's/^deb \([^ ]*\) bookworm main.*/deb \1 bookworm-backports main/p' \
	/etc/apt/sources.list >/etc/apt/sources.list.d/backports.list \
 && apt-get -q update
ENV DEBIAN_FRONTEND=noninteractive

# Without modules: libraries are Debian's, in its GOPATH.
FROM debian AS go
RUN apt-get -q -y install --no-install-recommends golang-1.22-go ca-certificates
ENV PATH=/usr/lib/go-1.22/bin:$PATH GO111MODULE=off GOPATH=/usr/share/gocode
