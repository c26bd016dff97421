#!/bin/bash
# A search on the nodes of a Slurm job: Ray's head and the search on the first, Ray's workers on all of them.
#
#   python3.11 -m venv ~/tune-dml && . ~/tune-dml/bin/activate      # once, in a home that all nodes see
#   pip install -c dist/constraints.txt dist/tune_dml-*.whl         # after make wheel
#   sbatch deploy/slurm.sh --task SST2 --shots 50 --name sst2       # options of tune-dml search, in the activated venv
#   sbatch --nodes=8 --time=24:00:00 deploy/slurm.sh --task SST2 --shots full --name sst2-full
#
# The same command again goes on with a search of that name: after the time was up, the job was taken away or cancelled.
# A job that Slurm puts back into the queue does so by itself, without a --name, too.
#
# Results are written to ./tune-dml-results where sbatch was called (or --results DIR). That has to be on a file system
# that all nodes see and that has locks: MLflow's database and the journal are there. Only the first node writes them.
#
#SBATCH --job-name=tune-dml
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=4
#SBATCH --gpus-per-node=1
#SBATCH --time=04:00:00
# Back into the queue when the first node fails or the job is taken away; losing another node costs its rounds only.
#SBATCH --requeue
#SBATCH --no-kill
# This script is told five minutes before the time is up, so that the search can stop in good order.
#SBATCH --signal=B:TERM@300
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append

set -euo pipefail

: "${SLURM_JOB_ID:?This script is for sbatch: sbatch deploy/slurm.sh --task SST2 --shots 50}"

# The value of the option $1 among the other arguments; nothing where it is not there.
option() {
  local wanted=$1 before='' argument
  shift
  for argument; do
    if [[ $before == "$wanted" ]]; then
      printf '%s' "$argument"
      return
    elif [[ $argument == "$wanted="* ]]; then
      printf '%s' "${argument#*=}"
      return
    fi
    before=$argument
  done
}

for command in ray tune-dml; do
  command -v "$command" > /dev/null || {
    echo "$command is not on the PATH: activate the environment that has it before sbatch." >&2
    exit 3
  }
done

results=$(option --results "$@")
results=$(realpath -m "${results:-${SLURM_SUBMIT_DIR:-$PWD}/tune-dml-results}")
name=$(option --name "$@")
if [[ -z $name ]]; then
  name=slurm-$SLURM_JOB_ID
  set -- "$@" --name "$name"
fi

# No process talks to the cluster without the token. It is made for this job, in a folder that only its owner can look
# into, and found by its path: it is on no command line and in no environment.
secret=$results/.slurm-$SLURM_JOB_ID
mkdir -p "$results"
(
  umask 077
  mkdir -p "$secret"
  head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$secret/token"
)
unset RAY_AUTH_TOKEN
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$secret/token RAY_USAGE_STATS_ENABLED=0

# Apart from other Rays on the same node: a port and a folder for each job. The first address of several may be one that
# the other nodes do not reach: then say which, HEAD_IP=10.0.0.5 sbatch ...
head_ip=${HEAD_IP:-$(hostname -I | cut -d ' ' -f 1)}
export RAY_ADDRESS=$head_ip:$((20000 + SLURM_JOB_ID % 10000))
scratch=/tmp/ray-$SLURM_JOB_ID

steps=()
search=''
# shellcheck disable=SC2317 # The trap calls it.
finish() {
  trap - EXIT
  if ((${#steps[@]})); then
    kill "${steps[@]}" 2> /dev/null || true
    wait "${steps[@]}" 2> /dev/null || true
  fi
  rm -rf "$secret" "$scratch"
}
trap finish EXIT
# On Slurm's warning: the search stops in good order. Before it began, all ends.
trap 'if [[ $search ]]; then kill -TERM "$search" 2> /dev/null || true; else exit 143; fi' TERM

cpus=${SLURM_CPUS_PER_TASK:-1}
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")

# One of the first node's CPUs is for the search itself. GPUs are those that Slurm lets each step see.
srun --nodes=1 --ntasks=1 --nodelist="${nodes[0]}" --cpus-per-task="$cpus" \
  ray start --head --block --node-ip-address="$head_ip" --port="${RAY_ADDRESS##*:}" --temp-dir="$scratch" \
  --num-cpus="$((cpus > 1 ? cpus - 1 : 1))" --include-dashboard=false &
steps+=($!)

# Until $1 nodes are there, or five minutes have passed.
wait_for_nodes() {
  local until=$((SECONDS + ${NODES_WITHIN:-300})) there=0
  while true; do
    there=$(ray status --address "$RAY_ADDRESS" 2> /dev/null | grep -c '^ *1 node_' || true)
    ((there < $1)) || return 0
    if ((SECONDS >= until)) || ! kill -0 "${steps[@]}" 2> /dev/null; then
      echo "Only $there of ${#nodes[@]} Ray nodes came up: see above for why." >&2
      exit 3
    fi
    sleep 0.5
  done
}

wait_for_nodes 1
others=$((${#nodes[@]} - 1))
if ((others)); then
  srun --nodes="$others" --ntasks="$others" --ntasks-per-node=1 --nodelist="$(IFS=,; echo "${nodes[*]:1}")" \
    --cpus-per-task="$cpus" --no-kill --kill-on-bad-exit=0 \
    ray start --block --address="$RAY_ADDRESS" --num-cpus="$cpus" &
  steps+=($!)
  wait_for_nodes "${#nodes[@]}"
fi

# auto is the cluster of RAY_ADDRESS.
if [[ -e $results/searches/$name/study.log ]]; then
  tune-dml resume "$name" --results "$results" --address auto &
else
  tune-dml search "$@" --results "$results" --address auto &
fi
search=$!
# A signal ends the waiting, not the search.
while kill -0 "$search" 2> /dev/null; do
  wait "$search" || true
done
status=0
wait "$search" || status=$?
exit "$status"
