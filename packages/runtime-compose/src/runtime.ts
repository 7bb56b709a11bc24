import type { Runtime, RuntimeOpening } from '@angee/core'
import { copyDefinition } from './copy/copy-definition.ts'
import { prepareDefinition } from './definition/prepare.ts'
import { dockerEngine } from './engine/engine.ts'
import { composeVersion } from './engine/version.ts'
import { execInService } from './exec/exec.ts'
import { runJob } from './jobs/run-job.ts'
import { pauseServices, resumeServices, startServices, stopServices } from './lifecycle/change.ts'
import { takeDown } from './lifecycle/down.ts'
import { composeProject, projectStatus } from './lifecycle/project.ts'
import { bringUp } from './lifecycle/up.ts'
import { waitUntilHealthy } from './lifecycle/wait-healthy.ts'
import type { ComposeOptions } from './options.ts'

/** The runtime of one stack: a Compose project in its root. `own` is the environment the Docker client inherits. */
export function openCompose({ options, stackRoot }: RuntimeOpening<ComposeOptions>, own: NodeJS.ProcessEnv): Runtime {
  const engine = dockerEngine(stackRoot, own)
  const project = composeProject(engine, options, own)

  return {
    type: 'compose',

    async preflight(ctx) {
      const version = await composeVersion(engine, own, ctx)
      await engine.call(['version', '--format', '{{.Server.Version}}'], ctx)
      return { engine: 'Docker Compose', version }
    },

    status: (ctx) => projectStatus(project, ctx),
    exec: (service, command, io, options, ctx) => execInService(project, service, { command, io, options }, ctx),
    start: (names, ctx) => startServices(project, names, ctx),
    stop: (names, ctx) => stopServices(project, names, ctx),
    pause: (names, ctx) => pauseServices(project, names, ctx),
    resume: (names, ctx) => resumeServices(project, names, ctx),
    waitHealthy: (names, ctx) => waitUntilHealthy(project, names, ctx),
    prepare: (definition, ctx) => prepareDefinition(project, definition, ctx),
    up: (names, definition, ctx) => bringUp(project, names, definition, ctx),
    down: (down, ctx) => takeDown(project, down, ctx),
    runJob: (job, definition, output, ctx) => runJob(project, job, definition, output, ctx),

    copyDefinition: async (to, ctx) => {
      const copied = await copyDefinition(project, options, to, own, ctx)
      return copied && { ...copied }
    },

    [Symbol.asyncDispose]: async () => undefined,
  }
}
