# shellcheck shell=sh
# Makes the containers that a faithful copy has to be made of, each with the label corpus, from the image busybox:lab.
set -e
cd /
docker rm -f seed >/dev/null 2>&1 || true
docker create --name seed busybox:lab true >/dev/null
docker commit -c 'ENTRYPOINT ["sleep"]' -c 'CMD ["1000000"]' -c 'ENV FROM_IMAGE=image SHARED=same' -c 'VOLUME /image-volume' -c 'EXPOSE 8000/tcp 9000/udp' -c 'LABEL from=image' -c 'WORKDIR /tmp' seed full:1 >/dev/null
docker commit -c 'CMD ["sleep","1000000"]' -c 'HEALTHCHECK --interval=1s --timeout=5s --retries=2 CMD true' seed checked:1 >/dev/null
docker rm seed >/dev/null
docker network create --subnet 10.91.0.0/24 lab-a >/dev/null
docker network create --subnet 10.92.0.0/24 lab-b >/dev/null
mkdir -p /srv/lab-bind && echo bound >/srv/lab-bind/file
printf 'one\ntwo\n' >/srv/lab-env-lines
docker run -d --name donor -v donor-data:/donated -v /donated-too busybox:lab sleep 1000000 >/dev/null
docker run -d --name linked-to busybox:lab sleep 1000000 >/dev/null

# One container: its name, then what `docker run` takes. It does not stop on SIGTERM by itself, so it is killed quickly.
# What cannot be had here is said by its name, on standard output.
run() {
	name=$1
	shift
	docker run -d --name "$name" --label corpus --stop-timeout 1 "$@" >/dev/null || {
		echo "$name: not made" >&2
		failed=1
	}
}
make() {
	name=$1
	shift
	docker create --name "$name" --label corpus --stop-timeout 1 "$@" >/dev/null || {
		echo "$name: not made" >&2
		failed=1
	}
}
failed=
S='sleep 1000000'
run plain busybox:lab $S
run two-networks --network lab-a --ip 10.91.0.50 --network-alias www --network-alias api busybox:lab $S
docker network connect --ip 10.92.0.50 --alias back lab-b two-networks
run own-mac --mac-address 02:42:ac:99:88:77 busybox:lab $S
run own-mac-on-network --network lab-a --mac-address 02:42:ac:99:88:66 busybox:lab $S
run anonymous -v /anonymous --mount type=volume,target=/anonymous-mount busybox:lab $S
run image-volume full:1
run from-donor --volumes-from donor:ro busybox:lab $S
run cleared-entrypoint --entrypoint '' full:1 sleep 1000000
run other-entrypoint --entrypoint sleep full:1 900000
run env-of-image -e FROM_IMAGE=image full:1
run env-of-its-own -e FROM_IMAGE=own -e 'EMPTY=' -e 'EQUALS=a=b=c' -e 'QUOTES="'"'"'$(x)`\' -e 'LETTERS=äöü€<>&' -e "LINES=$(cat /srv/lab-env-lines)" full:1
run secrets -e 'PASSWORD=correct horse battery staple' --log-driver json-file --log-opt max-size=5m --log-opt max-file=3 --log-opt tag=secret-tag busybox:lab $S
run health --health-cmd 'true' --health-interval 1s --health-timeout 5s --health-retries 2 --health-start-period 1s busybox:lab $S
run health-of-image checked:1
run no-health --no-healthcheck checked:1
run limits --memory 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --pids-limit 100 --oom-score-adj 100 busybox:lab $S
run ulimits --ulimit nofile=1024:2048 --ulimit core=0 --shm-size 16m busybox:lab $S
run devices --device /dev/null:/dev/nothing:r --device-cgroup-rule 'c 1:5 r' busybox:lab $S
run temporary --tmpfs /scratch:size=1m,mode=1777 --mount type=tmpfs,destination=/scratch-mount,tmpfs-size=1048576 busybox:lab $S
run random-port -p 80 -p 81/udp busybox:lab $S
run fixed-port -p 127.0.0.1:18080:80 -p 18081-18082:81-82 busybox:lab $S
run all-ports -P full:1
run always --restart always busybox:lab $S
run unless-stopped --restart unless-stopped busybox:lab $S
run on-failure --restart on-failure:3 busybox:lab $S
run init --init busybox:lab $S
run read-only --read-only --tmpfs /tmp busybox:lab $S
run capabilities --cap-add NET_ADMIN --cap-drop CHOWN --cap-drop MKNOD --security-opt no-new-privileges busybox:lab $S
if docker run --rm --privileged busybox:lab true 2>/dev/null; then
	run privileged --privileged busybox:lab $S
else
	make privileged --privileged busybox:lab $S
	echo 'privileged: made, but never started: this daemon gives it every capability of the kernel, and this machine has not all of them'
fi
run labels --label 'quote=a "b" '"'c'" --label 'braces={{.Id}}' --label 'empty=' busybox:lab $S
run sysctls --sysctl net.ipv4.ip_unprivileged_port_start=0 --sysctl net.core.somaxconn=256 busybox:lab $S
run host-network --network host busybox:lab $S
run no-network --network none busybox:lab $S
run shares-network --network container:donor busybox:lab $S
run namespaces --pid host --ipc shareable --uts host busybox:lab $S
run host-name --hostname own-name --domainname example.org busybox:lab $S
run names.with_all-signs --add-host other:10.0.0.1 --dns 10.0.0.2 --dns-search example.org --dns-option ndots:2 busybox:lab $S
run user -u 1000:1000 --group-add 2000 -w /tmp --stop-signal INT -i busybox:lab $S
run terminal -t -i busybox:lab $S
run binds -v /srv/lab-bind:/bound:ro -v lab-named:/named:z --mount type=bind,source=/srv/lab-bind,target=/bound-mount,readonly --mount type=volume,source=lab-other,target=/other,volume-nocopy busybox:lab $S
run linked --link linked-to:other busybox:lab $S
if docker create --name probe --network name=lab-b,mac-address=02:42:ac:99:88:00 busybox:lab true >/dev/null 2>&1; then
	docker rm probe >/dev/null
	run own-macs --network name=lab-a,mac-address=02:42:ac:99:88:55 --network name=lab-b,mac-address=02:42:ac:99:88:44 busybox:lab $S
else
	echo 'own-macs: not made: this docker cannot set a MAC address for a second network'
fi
make never-started -p 127.0.0.1:18090:80 busybox:lab $S
make gpu --gpus all busybox:lab $S
run stopped --restart on-failure busybox:lab $S
docker stop -t 0 stopped >/dev/null
[ -z "$failed" ]
