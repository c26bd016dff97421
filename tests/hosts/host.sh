#!/bin/bash
# A host, as seen from inside: run as the first process of new mount, UTS and process namespaces.
#   host.sh NAME FOLDER LIBRARIES SHARED
# FOLDER holds its home and its /tmp; LIBRARIES is seen as /mnt/libraries, SHARED, which all hosts have, as /mnt/shared.
set -euo pipefail
name=$1 folder=$2 libraries=$3 shared=$4
hostname "$name"
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/libraries /mnt/shared /mnt/host
mount --bind "$libraries" /mnt/libraries
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
