export { api } from '../api/index.ts'
export type { RouteSpec } from '../api/route.ts'
export { operation, results } from '../api/schemas/operation.ts'
export type { Camel } from './camel.ts'
export {
  type Arguments,
  type Client,
  type ClientOptions,
  connectOperator,
  type RemoteEvent,
  type RemoteOperation,
  type ResultOf,
} from './client.ts'
