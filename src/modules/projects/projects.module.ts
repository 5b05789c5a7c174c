import { Module } from '@nestjs/common';
import { StorageModule } from '../../storage/storage.module.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ManagedProjects } from './managed-projects.js';
import { OrganizationsController } from './organizations.controller.js';
import { ProjectsController } from './projects.controller.js';

/** Projects and what opens them. */
@Module({
  imports: [StorageModule],
  controllers: [ProjectsController, ApiKeysController, OrganizationsController],
  providers: [ManagedProjects],
})
export class ProjectsModule {}
