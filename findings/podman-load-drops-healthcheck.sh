#!/bin/sh
# podman-load-drops-healthcheck.sh - `podman load` of what `docker save` wrote loses the
# image's HEALTHCHECK: Docker's archive is an OCI layout besides, and podman reads that
#
# Docker 26 adds oci-layout and index.json to the manifest.json of old, with either image
# store; 20.10 did not. podman takes no health check from a configuration of type OCI,
# though Docker puts one there and finds it again, and does not warn. The same file
# without its member index.json, or read by `podman pull docker-archive:FILE`, keeps it.
#
# Fails when that changes. Needs apt, dpkg, unshare and root; the engine runs in name-
# spaces of its own and in a temporary folder.
# SPDX-License-Identifier: MIT
set -eu

DOCKER=26.1.5+dfsg1-9+deb13u1+b1	# of docker.io and docker-cli, Debian 13
CONTAINERD=1.7.24~ds1-6+deb13u1
PODMAN=4.3.1+ds1-8+deb12u1+b3	# Debian 12
WANT='in Docker: [CMD /check]
docker load: [CMD /check]
podman load: none
podman pull docker-archive: [CMD /check]
podman load without index.json: [CMD /check]'

tmp=$(mktemp -d)
group=finding-$$
pid=
clean_up() {
	[ -z "$pid" ] || {
		kill "$pid" 2>/dev/null || :
		wait "$pid" || :
	}
	find /sys/fs/cgroup -depth -path "*/$group*" -type d -exec rmdir {} + 2>/dev/null || :
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# podman by this system's apt, the engine by one of its own, for Debian 13.
cd "$tmp"
apt-get -o APT::Sandbox::User=root download -qq "podman=$PODMAN" conmon runc libgpgme11 \
	libassuan0 libsubid4 libdevmapper1.02.1 libseccomp2 >/dev/null
mkdir -p apt/lists/partial apt/cache/archives/partial apt/apt.conf.d apt/preferences.d
: >apt/status
# shellcheck disable=SC2016 # apt fills the field in
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
	'Label: Debian' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
	>apt/sources.list
cat >apt.conf <<CONF
Dir::Etc "$tmp/apt";
Dir::State "$tmp/apt";
Dir::State::status "$tmp/apt/status";
Dir::Cache "$tmp/apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
APT_CONFIG="$tmp/apt.conf" apt-get update -qq
APT_CONFIG="$tmp/apt.conf" apt-get download -qq "docker.io=$DOCKER" "docker-cli=$DOCKER" \
	"containerd=$CONTAINERD" >/dev/null
for deb in *.deb; do
	dpkg -x "$deb" root
done
export PATH="$tmp/root/usr/sbin:$tmp/root/usr/bin:$PATH" DOCKER_CONFIG="$tmp/client" \
	DOCKER_HOST="unix://$tmp/socket"
LD_LIBRARY_PATH=$(find "$tmp/root/usr/lib" "$tmp/root/lib" -maxdepth 1 -name '*-linux-gnu*' |
	tr '\n' ':')
export LD_LIBRARY_PATH
dockerd --version
podman --version

# The containerd store does the same: {"features": {"containerd-snapshotter": true}}.
echo '{}' >daemon.json
# shellcheck disable=SC2016 # for the inner shell
unshare --net --mount sh -c '
	mount -t tmpfs none /run
	exec dockerd "$@"' sh --config-file daemon.json --host "$DOCKER_HOST" \
	--pidfile "$tmp/pid" --data-root "$tmp/data" --exec-root "$tmp/exec" \
	--cgroup-parent "/$group" --exec-opt native.cgroupdriver=cgroupfs --bridge none \
	--iptables=false --ip-forward=false >log 2>&1 &
pid=$!
tries=0
until docker version >/dev/null 2>&1; do
	tries=$((tries + 1))
	[ $tries -lt 300 ] || { tail -n 3 log >&2; exit 1; }
	sleep 0.1
done

# podman with nothing of this system's settings.
mkdir -p home/.config/containers
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >home/.config/containers/policy.json
printf '[engine]\nconmon_path = ["%s"]\nevents_logger = "none"\ntmp_dir = "%s"\n' \
	"$tmp/root/usr/bin/conmon" "$tmp/podtmp" >containers.conf
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' \
	"$tmp/pod" "$tmp/podrun" >storage.conf
: >registries.conf
pod() {
	env -u DOCKER_CONFIG HOME="$tmp/home" CONTAINERS_CONF="$tmp/containers.conf" \
		CONTAINERS_STORAGE_CONF="$tmp/storage.conf" \
		CONTAINERS_REGISTRIES_CONF="$tmp/registries.conf" \
		podman --runtime "$tmp/root/usr/sbin/runc" --cgroup-manager cgroupfs "$@"
}
# The health check of the image.
in_docker() {
	docker image inspect -f '{{with .Config.Healthcheck}}{{.Test}}{{else}}none{{end}}' image
}
in_podman() {
	pod image inspect -f '{{with .HealthCheck}}{{.Test}}{{else}}none{{end}}' image
	pod rmi -f image >/dev/null
}

tar -c --files-from /dev/null | docker import --change 'HEALTHCHECK CMD ["/check"]' - image \
	>/dev/null
docker save -o archive image
cp archive old
tar --delete -f old index.json
got=$(
	echo "in Docker: $(in_docker)"
	docker rmi image >/dev/null
	docker load -qi archive >/dev/null
	echo "docker load: $(in_docker)"
	pod load -qi archive >/dev/null 2>&1
	echo "podman load: $(in_podman)"
	pod pull -q docker-archive:archive >/dev/null
	echo "podman pull docker-archive: $(in_podman)"
	pod load -qi old >/dev/null
	echo "podman load without index.json: $(in_podman)"
)
printf '%s\n' "$got"
[ "$got" = "$WANT" ] || { echo "changed; it was:"; echo "$WANT"; exit 1; }
