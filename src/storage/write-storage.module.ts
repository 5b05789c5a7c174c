import { Module } from '@nestjs/common';
import { MetricWriter } from './metric-writer.js';
import { PriceBook } from './pricing/price-book.js';
import { ScoreWriter } from './scores/score-writer.js';
import { WriteConnections } from './write-connections.js';

/** The half of storage that writes. Connects when there is something to write; the schema is somebody else's to make. */
@Module({
  providers: [{ provide: PriceBook, useFactory: () => new PriceBook() }, WriteConnections, MetricWriter, ScoreWriter],
  exports: [WriteConnections, MetricWriter, ScoreWriter],
})
export class WriteStorageModule {}
