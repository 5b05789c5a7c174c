import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { DATABASE, type DatabaseConnection } from '../config/database-connection.js';
import { KeyDirectory } from '../domain/api-key.js';
import { DatabaseProbe } from '../domain/database-probe.js';
import { ProjectDirectory } from '../domain/project.js';
import { AnalyticsReader } from './analytics/analytics-reader.js';
import { migrate, newDataSource } from './data-source.js';
import { DatasetItemStore } from './datasets/dataset-item-store.js';
import { DatasetRunStore } from './datasets/dataset-run-store.js';
import { DatasetStore } from './datasets/dataset-store.js';
import { ExperimentReader } from './datasets/experiment-reader.js';
import { RunResultReader } from './datasets/run-result-reader.js';
import { LogReader } from './log-reader.js';
import { MediaReader } from './media/media-reader.js';
import { MediaStore } from './media/media-store.js';
import { MediaStores } from './media/media-stores.js';
import { MediaSweeper } from './media/media-sweeper.js';
import { MediaUrls } from './media/media-urls.js';
import { MetricPartitionKeeper } from './metric-partitions.js';
import { MetricReader } from './metric-reader.js';
import { ObservationReader } from './observation-reader.js';
import { ObservationListReader } from './observations/observation-list-reader.js';
import { PartitionKeeper } from './partitions.js';
import { refuseTransactionPooler } from './pooling.js';
import { CommentStore } from './comments/comment-store.js';
import { CostReader } from './pricing/cost-reader.js';
import { ModelCatalog } from './pricing/model-catalog.js';
import { PriceBook } from './pricing/price-book.js';
import { PriceStore } from './pricing/price-store.js';
import { Repricer } from './pricing/repricer.js';
import { SnapshotReader } from './pricing/snapshot-reader.js';
import { ApiKeyDirectory } from './projects/api-key-directory.js';
import { ApiKeyStore } from './projects/api-key-store.js';
import { KeyCopies } from './projects/key-changes.js';
import { openDefaultProject } from './projects/default-project.js';
import { ProjectRemoval } from './projects/project-removal.js';
import { ProjectStore } from './projects/project-store.js';
import { PromptReader } from './prompts/prompt-reader.js';
import { PromptStore } from './prompts/prompt-store.js';
import { ReadPool } from './read-pool.js';
import { Retention } from './retention.js';
import { ScoreConfigStore } from './scores/score-config-store.js';
import { ScoreReader } from './scores/score-reader.js';
import { ScoreRemoval } from './scores/score-removal.js';
import { SessionReader } from './session-reader.js';
import { StorageProbe } from './storage-probe.js';
import { TraceDeleter } from './trace-deleter.js';
import { TraceReader } from './trace-reader.js';
import { UsageReader } from './usage-reader.js';

/** The half of storage that reads and keeps house. Once it is made, the schema is current and this week's partitions exist. */
@Module({
  providers: [
    {
      provide: DataSource,
      inject: [DATABASE, CONFIG],
      useFactory: async (database: DatabaseConnection, config: Config) => {
        const limits = { connections: config.readConnections, timeoutMs: config.readTimeoutMs };
        await refuseTransactionPooler(database);
        const dataSource = await newDataSource(database, limits).initialize();
        const logger = new Logger('Schema');
        await migrate(dataSource, (line) => logger.log(line));
        return dataSource;
      },
    },
    {
      provide: PartitionKeeper,
      inject: [DataSource, CONFIG],
      useFactory: async (dataSource: DataSource, config: Config) => {
        const partitions = new PartitionKeeper(dataSource, config);
        await partitions.ensure();
        return partitions;
      },
    },
    {
      provide: MetricPartitionKeeper,
      inject: [DataSource],
      useFactory: async (dataSource: DataSource) => {
        const partitions = new MetricPartitionKeeper(dataSource);
        await partitions.ensure();
        return partitions;
      },
    },
    {
      provide: ProjectDirectory,
      inject: [DataSource, CONFIG],
      useFactory: (dataSource: DataSource, { defaultProjectId, defaultProjectName }: Config) =>
        openDefaultProject(dataSource, defaultProjectId, defaultProjectName),
    },
    {
      provide: ApiKeyDirectory,
      // Not before the tables are there.
      inject: [DATABASE, DataSource],
      useFactory: (database: DatabaseConnection) => ApiKeyDirectory.open(database),
    },
    { provide: KeyDirectory, useExisting: ApiKeyDirectory },
    { provide: KeyCopies, useExisting: ApiKeyDirectory },
    { provide: DatabaseProbe, useClass: StorageProbe },
    ReadPool,
    ProjectStore,
    ApiKeyStore,
    { provide: PriceBook, useFactory: () => new PriceBook() },
    SnapshotReader,
    PriceStore,
    ModelCatalog,
    CostReader,
    Repricer,
    TraceDeleter,
    PromptReader,
    PromptStore,
    TraceReader,
    ObservationReader,
    ObservationListReader,
    SessionReader,
    LogReader,
    UsageReader,
    AnalyticsReader,
    MetricReader,
    ScoreReader,
    ScoreRemoval,
    ScoreConfigStore,
    DatasetStore,
    DatasetItemStore,
    DatasetRunStore,
    RunResultReader,
    ExperimentReader,
    {
      provide: MediaStores,
      inject: [ReadPool, CONFIG],
      useFactory: (pool: ReadPool, config: Config) => new MediaStores(pool, config),
    },
    {
      provide: MediaStore,
      inject: [ReadPool, MediaStores],
      useFactory: (pool: ReadPool, stores: MediaStores) => new MediaStore(pool, stores.current),
    },
    { provide: MediaUrls, inject: [ReadPool], useFactory: (pool: ReadPool) => new MediaUrls(pool) },
    { provide: MediaSweeper, inject: [CONFIG], useFactory: (config: Config) => new MediaSweeper(config) },
    MediaReader,
    CommentStore,
    Retention,
    ProjectRemoval,
  ],
  exports: [
    CommentStore,
    MediaReader,
    MediaStore,
    MediaUrls,
    PriceStore,
    ModelCatalog,
    CostReader,
    Repricer,
    PromptReader,
    PromptStore,
    ProjectDirectory,
    ProjectStore,
    KeyDirectory,
    ApiKeyStore,
    DatabaseProbe,
    PartitionKeeper,
    ReadPool,
    TraceDeleter,
    TraceReader,
    ObservationReader,
    ObservationListReader,
    SessionReader,
    LogReader,
    UsageReader,
    DatasetStore,
    DatasetItemStore,
    DatasetRunStore,
    RunResultReader,
    ExperimentReader,
    AnalyticsReader,
    MetricPartitionKeeper,
    MetricReader,
    ScoreReader,
    ScoreRemoval,
    ScoreConfigStore,
  ],
})
export class StorageModule implements OnApplicationShutdown {
  constructor(private readonly dataSource: DataSource) {}

  async onApplicationShutdown(): Promise<void> {
    await this.dataSource.destroy();
  }
}
