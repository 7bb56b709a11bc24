import type { DefinitionCopy } from '@angee/core'

/** What is copied to where. */
export interface Copying {
  /** The Compose project of the original. */
  readonly project: string
  readonly to: DefinitionCopy
  /** Where engines are reached on this machine: who gets there reaches everything. */
  readonly sockets: readonly string[]
}

const usual = ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock', '/run/podman/podman.sock']

/** The sockets of engines, with the one that a DOCKER_HOST names. */
export function engineSockets(host: string | undefined): string[] {
  const own = host?.replace(/^unix:\/\//, '')
  return own?.startsWith('/') ? [...usual, own] : usual
}
