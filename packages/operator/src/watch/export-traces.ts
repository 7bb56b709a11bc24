import { DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { spansOf } from './spans.ts'
import type { Tracing, TracingOptions } from './tracing.ts'

/** Sends spans over OTLP in batches. A collector that is not there costs a line in the log and the spans, nothing else. */
export function exportTraces({ version, logger }: TracingOptions): Tracing {
  const tell = (message: string, ...more: unknown[]): void => {
    logger.warn('spans cannot be sent', { problem: [message, ...more].map(String).join(' ').slice(0, 500) })
  }
  const silent = (): void => undefined
  diag.setLogger({ error: tell, warn: tell, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN)
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'angee', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }))
  const provider = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  return {
    listener: spansOf(provider.getTracer('@angee/operator', version)),
    shutdown: () => provider.shutdown().catch((error: unknown) => tell(String(error))),
  }
}
