/** Whether the Docker client, or what it starts, obeys a variable of that name itself. */
export function isClientName(name: string): boolean {
  return /^(PATH|HOME|TMPDIR|LD_|DOCKER_|COMPOSE_|BUILDKIT_|BUILDX_|XDG_|SSH_)/.test(name)
}
