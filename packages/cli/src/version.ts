import manifest from '../package.json' with { type: 'json' }

/** What is written into snapshot manifests as the tool that took them. */
export const tool = { name: 'angee', version: manifest.version }
