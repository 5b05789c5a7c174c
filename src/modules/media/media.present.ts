import { type Media } from '../../domain/media.js';
import { type Micros, presentTime } from '../../domain/time.js';
import { type SignedUrl } from '../../storage/media/media-urls.js';
import { type MediaDto } from './media.dto.js';

/** A file whose bytes are there since `uploadedAt`. */
export function presentMedia(media: Media, uploadedAt: Micros, { url, expiresAtMs }: SignedUrl): MediaDto {
  return {
    mediaId: media.id,
    contentType: media.contentType,
    contentLength: media.contentLength,
    uploadedAt: presentTime(uploadedAt),
    url,
    urlExpiry: new Date(expiresAtMs).toISOString(),
  };
}
