export { closureOf, dependsOn, type Graph, graphOf, levelsOf } from './graph.ts'
export { projectName } from './project-name.ts'
export { type BringUpPlan, type RestoreJob, readPlan } from './read.ts'
export { ensureSecrets, type SecretSources } from './secrets.ts'
