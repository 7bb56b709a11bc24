export { type DescriptorFixture, type DescriptorSuite, descriptorSuite } from './suite.ts'
