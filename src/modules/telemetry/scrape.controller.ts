import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { RequireScope } from '../../http/auth/require-scope.decorator.js';
import { METRICS_REGISTRY } from './registry.js';

const EXAMPLE = `# HELP xtrace_write_requests_total Requests to write routes, by what became of them.
# TYPE xtrace_write_requests_total counter
xtrace_write_requests_total{door="otlp",result="accepted"} 1042
xtrace_write_requests_total{door="otlp",result="deferred"} 3`;

@ApiTags('Operation')
@Controller()
export class ScrapeController {
  constructor(@Inject(METRICS_REGISTRY) private readonly registry: Registry) {}

  /**
   * How this server is doing, for Prometheus
   * @remarks METRICS_BEARER_TOKEN opens it, and so do the credentials of the API. The README has what to alert on.
   */
  @Get('metrics')
  @RequireScope('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('cache-control', 'no-store')
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'Prometheus text format 0.0.4.', schema: { type: 'string', example: EXAMPLE } })
  scrape(): Promise<string> {
    return this.registry.metrics();
  }
}
