import type { RouteSpec } from '../../src/api/route.ts'

/** A path of a route in which every parameter has a value of the right form. */
export function pathOf({ path }: RouteSpec): string {
  return path.replaceAll(/\{(\w+)\}/g, path.startsWith('/operations') ? '01J9Z3X8V0ABCDEFGHJKMNPQRS' : 'nothing')
}
