/** Where the operator keeps what it knows, in the store of its stack. */
export const operatorKeys = {
  tokens: 'operator/tokens.json',
  schedules: 'operator/schedules.json',
  webhooks: 'operator/webhooks.json',
  /** One record each: `operator/operations/<id>.json`, its events beside it. */
  operations: 'operator/operations/',
}
