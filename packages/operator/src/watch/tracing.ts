import type { Logger } from '@angee/core'
import type { OperationListener } from '../operations/listener.ts'

/** Traces of operations on their way to a collector. */
export interface Tracing {
  readonly listener: OperationListener
  /** Sends what is left. */
  shutdown(): Promise<void>
}

export interface TracingOptions {
  environment: Readonly<Record<string, string | undefined>>
  version: string
  logger: Logger
}

/**
 * Traces, where the variables of OpenTelemetry name a collector
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/); undefined where they do not, and
 * then nothing of it is loaded.
 */
export async function tracingFor(options: TracingOptions): Promise<Tracing | undefined> {
  const { environment } = options
  const endpoint = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!endpoint || environment['OTEL_SDK_DISABLED'] === 'true') return undefined
  if (environment['OTEL_TRACES_EXPORTER'] === 'none') return undefined
  const { exportTraces } = await import('./export-traces.ts')
  return exportTraces(options)
}
