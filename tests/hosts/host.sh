#!/bin/bash
# A host, as seen from inside: run as the first process of new mount, UTS and process namespaces.
#   host.sh NAME FOLDER SHARED LIBRARIES...
# FOLDER holds its home and its /tmp. SHARED, which all hosts have, is seen as /mnt/shared; each of LIBRARIES, folders of
# Python packages, as /mnt/libraries-1 and so on.
set -euo pipefail
name=$1 folder=$2 shared=$3
shift 3
hostname "$name"
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/shared /mnt/host
number=0
for libraries; do
  number=$((number + 1))
  mkdir "/mnt/libraries-$number"
  mount --bind "$libraries" "/mnt/libraries-$number"
done
mount --bind "$shared" /mnt/shared
mount --bind "$folder" /mnt/host
mount --bind "$folder/home" "$HOME"
mount -t tmpfs -o size=1g tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir /run/sshd
mount --bind "$folder/tmp" /tmp
/usr/sbin/sshd -D -e -f /mnt/host/sshd_config 2> /mnt/host/sshd.log &
# bash, as the first process here, takes in the children of whoever ends.
while wait; do sleep 1000 & done
