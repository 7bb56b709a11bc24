import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { containerPlace, provisioned, until } from './place.ts'
import { must, recipeHook, recipeService } from './recipe.ts'

const page = (recipe: string): string => readFileSync(join(import.meta.dirname, '..', recipe, 'README.md'), 'utf8')

/** The commands of the page's section on running it as a process, as somebody would type them. */
function preparation(recipe: string): string {
  const [, section = ''] = page(recipe).split('\n## As a process\n')
  return /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
}

const recipes = [
  { recipe: 'mariadb', service: 'mariadb', account: 'mysql', answers: (text: string) => text },
  { recipe: 'redis', service: 'redis', account: 'redis', answers: () => 'mkdir -p data/redis' },
  {
    recipe: 'openldap',
    service: 'ldap',
    account: 'openldap',
    answers: (text: string) => text.replace('$(slappasswd)', '$(slappasswd -s secret)'),
  },
  { recipe: 'rabbitmq', service: 'rabbitmq', account: 'rabbitmq', answers: () => 'mkdir -p data/rabbitmq' },
]

engineSuite('the local variants of recipes', ['docker', 'recipes-image'], () => {
  it.each(recipes)('$recipe is prepared, started and dumped as its page says', async (one) => {
    const { env, command, ready } = recipeService(`${one.recipe}/local.yaml`, one.service)
    await using place = await containerPlace(provisioned('RECIPES_IMAGE'), { env: {} }, ['sleep', 'infinity'])
    const resolved = Object.entries(env).map(([key, value]) => [
      key,
      value.replace(/\$\{persist\.([\w-]+)\}/, (_, entry: string) => `/stack/${dataOf(one.recipe, entry)}`),
    ])
    /** Runs a command in the stack root as the account, with the environment of the process. */
    const run = (text: string) =>
      place.shell(
        `cd /stack; export HOME="$(getent passwd ${one.account} | cut -d : -f 6)"
        exec setpriv --reuid ${one.account} --regid "$(id -gn ${one.account})" --init-groups sh`,
        Buffer.from(text),
        Object.fromEntries(resolved),
      )
    // The last two are as Debian's package makes them.
    await must(
      place.shell(`install -d -o ${one.account} /stack; install -d -o rabbitmq /var/lib/rabbitmq /var/log/rabbitmq`),
    )
    await must(run(`mkdir -p data; ${one.answers(preparation(one.recipe))}`))
    await must(run(`(${command}) >/stack/log 2>&1 &`))
    await until({ ...place, shell: (text) => run(text) }, ready)
    const { code, stdout, stderr } = await run(String(recipeHook(`${one.recipe}/local.yaml`, one.service).dump))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.length).toBeGreaterThan(0)
  })
})

function dataOf(recipe: string, entry: string): string {
  const text = readFileSync(join(import.meta.dirname, '..', recipe, 'local.yaml'), 'utf8')
  return new RegExp(`${entry}: \\{ subpath: \\./([^,]+),`).exec(text)?.[1] ?? ''
}
