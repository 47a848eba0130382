#!/usr/bin/env bash
# A run on a Slurm cluster:  sbatch --nodes 3 docs/recipes/slurm.sh country.yml maps/country
# The batch script is on the first node; it starts a Dask scheduler there, one worker a task everywhere, and the run itself.
# Only the first node reads the inputs and writes the results, so only it needs the file system with both.
#SBATCH --job-name=lomsong
#SBATCH --ntasks-per-node=8
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
set -euo pipefail
config=${1:?settings file} out=${2:?folder of the results} tasks=${SLURM_NTASKS:?this script is for sbatch}

# one thread a worker: the arithmetic must not share cores behind Slurm's back
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1
scratch=${SLURM_TMPDIR:-${TMPDIR:-/tmp}}
host=${LOMSONG_HOST:-$(hostname)}
# two jobs may meet on one node
port=$((20000 + ${SLURM_JOB_ID:-0} % 20000))
scheduler="tcp://$host:$port"

started=()
end() { for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done; wait; }
trap end EXIT

dask scheduler --host "$host" --port "$port" --no-dashboard &
started+=($!)
# a worker that finds no scheduler any more ends by itself
srun --ntasks "$tasks" dask worker "$scheduler" --nworkers 1 --nthreads 1 \
  --memory-limit "${LOMSONG_WORKER_MEMORY:-3500MB}" --local-directory "$scratch" --no-dashboard --death-timeout 120 &
started+=($!)

# sent back to the queue (scontrol requeue, a node that fails), the job goes on where it was
lomsong run "$config" --out "$out" --engine dask --scheduler "$scheduler" --resume --quiet
