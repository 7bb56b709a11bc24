import { type Command, Option } from 'commander'
import { type ActionMaker, examples } from './command-tree.ts'
import type { OperatorArguments } from './commands/operator.ts'
import type { MintArguments } from './commands/operator-token-mint.ts'
import { collect, parseDuration } from './parse.ts'

const scopes = ['read', 'backup', 'restore', 'prune', 'admin']

/** `angee operator` and its tokens. */
export function addOperator(angee: Command, act: ActionMaker): void {
  const operator = angee
    .command('operator')
    .description(
      'serve this stack over REST until it is ended; or mint, list, revoke tokens for that; or test webhooks',
    )
    .option('--socket <path>', 'where the socket goes (default: run/operator.sock in the stack root)')
    .option('--no-socket', 'no socket')
    .option('--listen <address>', 'listen on TCP too, for example 127.0.0.1:9000')
    .option('--token-file <file>', 'a token that may do everything, besides those that were minted')
    .option('--allow-owner', 'whoever can open the socket needs no token')
    .option('--allow-host <name>', 'a name under which it may be called; may be repeated', collect)
    .option('--policy-url <url>', 'asked before each guarded action: a decision point that speaks AuthZEN')
    .option('--policy-token-file <file>', 'the bearer token for it')
    .addOption(
      new Option('--policy-timeout <duration>', 'so long it has to answer; then the answer is no')
        .argParser(parseDuration)
        .default(2_000, '2s'),
    )
    .addOption(
      new Option('--grace <duration>', 'at the end, so long for what runs before it is cancelled')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .allowExcessArguments(false)
    .action(
      act<OperatorArguments>(async (surface, _, options) =>
        (await import('./commands/operator.ts')).operator(surface, options),
      ),
    )
    .addHelpText(
      'after',
      examples([
        'angee operator --root /srv/shop --listen 127.0.0.1:9000',
        'angee operator token mint --scope backup --scope read --name nightly',
        'ANGEE_OPERATOR_TOKEN=… angee --operator http://127.0.0.1:9000 stack backup ls',
      ]),
    )
  addTokens(operator, act)
  operator
    .command('webhook')
    .description('see whether webhooks arrive')
    .command('test')
    .description('send a message to each webhook of angee.yaml, and tell what they answer')
    .action(act(async (surface) => (await import('./commands/operator-webhook-test.ts')).operatorWebhookTest(surface)))
}

function addTokens(operator: Command, act: ActionMaker): void {
  const token = operator.command('token').description('mint, list, revoke tokens')
  token
    .command('mint')
    .description('make a token and print it, this once')
    .addOption(
      new Option('--scope <scope>', 'what it may do; may be repeated')
        .choices(scopes)
        .argParser<string[]>((one, before = []) => [...before, one])
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'what it is called in lists and in the records of operations', 'token')
    .option('--only <pattern>', 'for snapshots whose name fits (nightly-*); may be repeated', collect)
    .option('--expires <duration>', 'worth nothing after that: 12h, 90d', parseDuration)
    .action(
      act<MintArguments>(async (surface, _, options) =>
        (await import('./commands/operator-token-mint.ts')).operatorTokenMint(surface, options),
      ),
    )
    .addHelpText('after', examples(['angee operator token mint --scope admin -q > token', 'angee operator token ls']))
  token
    .command('ls')
    .description('list tokens, the oldest first')
    .action(act(async (surface) => (await import('./commands/operator-token-ls.ts')).operatorTokenLs(surface)))
  token
    .command('revoke')
    .description('make tokens worth nothing, at once')
    .argument('<tokens...>', 'the id of one, or its name')
    .action(
      act(async (surface, tokens) =>
        (await import('./commands/operator-token-revoke.ts')).operatorTokenRevoke(surface, tokens),
      ),
    )
}
