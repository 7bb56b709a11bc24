import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { hookCases } from './hook-cases.ts'
import { type ContainerPlace, containerPlace, type Place, provisioned, until } from './place.ts'
import { must, recipeService } from './recipe.ts'

const ctl = (place: Place, command: string) => must(place.shell(`rabbitmqctl --quiet ${command}`))

async function openRabbitmq(): Promise<ContainerPlace> {
  const service = recipeService('rabbitmq/container.yaml', 'rabbitmq')
  const place = await containerPlace(provisioned('RECIPES_IMAGE'), service, ['rabbitmq-server'])
  await until(place, 'rabbitmqctl --quiet await_startup --timeout 60')
  return place
}

const hash = 'r1bCB8R0bqxYBqhIGvMHyCUWCSCGPbzRYPZ1OMnVnRWVqkSR'
const definitions = {
  vhosts: [{ name: '/' }, { name: 'a shop' }],
  users: [
    {
      name: 'app',
      password_hash: hash,
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: ['administrator'],
      limits: {},
    },
    { name: 'clerk', password_hash: hash, hashing_algorithm: 'rabbit_password_hashing_sha256', tags: [], limits: {} },
  ],
  permissions: [
    { user: 'app', vhost: '/', configure: '.*', write: '.*', read: '.*' },
    { user: 'clerk', vhost: 'a shop', configure: '^$', write: 'orders', read: 'orders' },
  ],
  topic_permissions: [{ user: 'clerk', vhost: 'a shop', exchange: 'events', write: '^a', read: '^b' }],
  parameters: [],
  global_parameters: [{ name: 'greeting', value: { text: 'hello' } }],
  policies: [
    {
      vhost: 'a shop',
      name: 'short',
      pattern: '^tmp',
      'apply-to': 'queues',
      definition: { 'max-length': 10 },
      priority: 0,
    },
  ],
  queues: [{ name: 'orders', vhost: 'a shop', durable: true, auto_delete: false, arguments: { 'x-max-priority': 3 } }],
  exchanges: [
    {
      name: 'events',
      vhost: 'a shop',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    },
  ],
  bindings: [
    {
      source: 'events',
      vhost: 'a shop',
      destination: 'orders',
      destination_type: 'queue',
      routing_key: 'order.*',
      arguments: {},
    },
  ],
}

/** Twenty queues more, so that a cut in the middle is a cut in the middle of something. */
const queues = Array.from({ length: 20 }, (_, i) => ({
  name: `queue ${i}`,
  vhost: '/',
  durable: true,
  auto_delete: false,
  arguments: {},
}))

/** Many calls in one, for each start of rabbitmqctl takes half a second. */
const evaluate = (place: Place, calls: readonly string[]) =>
  must(place.shell('rabbitmqctl --quiet eval "$(cat)"', Buffer.from(`${calls.join(', ')}.`)))

async function fill(place: Place): Promise<void> {
  const json = JSON.stringify({ ...definitions, queues: [...definitions.queues, ...queues] })
  await evaluate(place, [
    '[rabbit_vhost:delete(V, <<"test">>) || V <- rabbit_vhost:list_names()]',
    '[rabbit_auth_backend_internal:delete_user(proplists:get_value(user, U), <<"test">>) || U <- rabbit_auth_backend_internal:list_users()]',
    'rabbit_runtime_parameters:clear_global(later, <<"test">>)',
    `ok = rabbit_definitions:import_raw(base64:decode(<<"${Buffer.from(json).toString('base64')}">>))`,
  ])
}

const drift = async (place: Place) =>
  void (await evaluate(place, [
    'ok = rabbit_vhost:add(<<"later">>, #{description => <<>>, tags => []}, <<"test">>)',
    'ok = rabbit_auth_backend_internal:add_user(<<"intruder">>, <<"only-there">>, <<"test">>)',
    'ok = rabbit_auth_backend_internal:set_permissions(<<"intruder">>, <<"a shop">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)',
    'ok = rabbit_auth_backend_internal:delete_user(<<"clerk">>, <<"test">>)',
    'rabbit_runtime_parameters:set_global(later, 1, <<"test">>)',
    'ok = rabbit_policy:delete(<<"a shop">>, <<"short">>, <<"test">>)',
    '{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"a shop">>, queue, <<"orders">>))',
    'rabbit_amqqueue:delete(Q, false, false, <<"test">>)',
  ]))

/** All definitions, each list in an order of its own. */
async function contents(place: Place): Promise<string> {
  const all: Record<string, unknown> = JSON.parse(await ctl(place, 'export_definitions -'))
  const sorted = Object.entries(all).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map((one) => JSON.stringify(one)).sort() : value,
  ])
  return JSON.stringify(sorted.sort(), undefined, 1)
}

engineSuite('recipe rabbitmq', ['docker', 'recipes-image'], () => {
  const { place, dump, restore } = hookCases<ContainerPlace>({
    recipe: 'rabbitmq',
    open: openRabbitmq,
    fill,
    contents,
    drift,
    client: /rabbitmqctl/,
    emptyIsSound: true,
  })

  it('dumps only what did not change while it was read', async () => {
    await fill(place())
    const changing = evaluate(place(), [
      `F = fun Change(N) ->
        rabbit_runtime_parameters:set_global(count, N, <<"test">>),
        timer:sleep(5),
        case application:get_env(rabbit, enough) of undefined -> Change(N + 1); _ -> ok end
      end`,
      'F(1)',
    ])
    await until(place(), 'rabbitmqctl --quiet list_global_parameters | grep ^count')
    const { code, stdout, stderr } = await dump()
    expect(code).not.toBe(0)
    expect(stderr).toContain('change all the time')
    expect(stdout.length).toBe(0)
    await evaluate(place(), ['application:set_env(rabbit, enough, true)'])
    await changing
    expect(await dump()).toMatchObject({ code: 0, stderr: '' })
  })

  it('puts the definitions of before back when the broker refuses some of the new ones', async () => {
    await fill(place())
    const { stdout } = await dump()
    await drift(place())
    const present = await contents(place())
    const [json = ''] = stdout.toString().split('\n')
    const foreign = json.replace('"type":"topic"', '"type":"x-of-a-plugin"')
    expect(foreign).not.toBe(json)
    const sum = await must(place().shell('sha256sum | cut -c 1-64', Buffer.from(foreign)))
    const { code, stderr } = await restore(Buffer.from(`${foreign}\nsha256 ${sum}`))
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/unknown exchange type[\s\S]*the definitions are as they were, and the queues are empty/)
    expect(await contents(place())).toBe(present)
  })

  it('fails to dump while the broker is stopped inside its node', async () => {
    await ctl(place(), 'stop_app')
    const { code, stdout, stderr } = await dump()
    await ctl(place(), 'start_app')
    expect(code).not.toBe(0)
    expect(stderr).not.toBe('')
    expect(stdout.length).toBe(0)
  })
})
