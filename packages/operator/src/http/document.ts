import { OpenAPIHono } from '@hono/zod-openapi'
import { allRoutes } from '../api/index.ts'
import { documented } from './documented.ts'

/** Of the API, not of the package: it grows with what is added, and its first number with what breaks. */
const apiVersion = '1.0.0'

/** The OpenAPI document of every route. */
export function openApiDocument(): object {
  const app = new OpenAPIHono()
  for (const route of allRoutes) app.openAPIRegistry.registerPath(documented(route))
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'angee operator',
      version: apiVersion,
      description: 'Snapshots and restores the data of one stack. docs/operator.md has more.',
      license: { name: 'MIT' },
    },
  })
}
