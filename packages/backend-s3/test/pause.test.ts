import { testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import { pause } from '../src/store/request.ts'

it('pauses grow, each is waited for, and a person is told only of those that can be felt', async () => {
  const waited: number[] = []
  const clock = { now: () => 0, sleep: async (milliseconds: number) => void waited.push(milliseconds) }
  const ctx = testContext({ clock, seed: 1 })
  for (let attempt = 1; attempt <= 8; attempt++) await pause(attempt, 'read a: ECONNREFUSED', ctx)
  const longest = [200, 400, 800, 1600, 3200, 6400, 12_800, 20_000]
  expect(waited.every((one, index) => one <= (longest[index] ?? 0) && one >= (longest[index] ?? 0) / 2)).toBe(true)
  const told = ctx.logs.filter(({ level }) => level === 'warn')
  expect(told).toHaveLength(waited.filter((milliseconds) => milliseconds >= 1000).length)
  expect(told.at(-1)?.message).toMatch(/^cannot read a: ECONNREFUSED; trying again in \d+\.\d s$/)
})
