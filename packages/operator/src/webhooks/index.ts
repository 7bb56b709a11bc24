export { type Courier, makeCourier } from './courier.ts'
export { type Tried, testWebhooks } from './try.ts'
