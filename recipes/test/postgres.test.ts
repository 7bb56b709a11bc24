import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { provisioned } from './place.ts'
import { postgresCases } from './postgres-cases.ts'
import { postgresContainer, postgresProcess } from './postgres-place.ts'
import { recipeHook } from './recipe.ts'

it('recipe postgres is the same hook for container and local services', () => {
  expect(recipeHook('postgres/container.yaml', 'postgres')).toEqual(recipeHook('postgres/local.yaml', 'postgres'))
})

engineSuite('recipe postgres in a container', ['docker', 'postgres-image'], () => {
  postgresCases('postgres/container.yaml', () => postgresContainer('postgres/container.yaml'))
})

engineSuite('recipe postgres on the host', ['postgres'], () => {
  postgresCases('postgres/local.yaml', () =>
    postgresProcess(provisioned('POSTGRES_BIN'), provisioned('POSTGRES_ACCOUNT')),
  )
})
