import { AngeeError, type Context } from '@angee/core'
import type { CompletedPart } from '@aws-sdk/client-s3'
import { type Condition, writeIfAbsent } from './if-absent.ts'
import { lookUp } from './look-up.ts'
import { completeUpload, type Upload } from './multipart.ts'
import type { Place } from './place.ts'

/** Makes an upload visible as `key`, unless the key must be new and is not, and checks the length the server tells. */
export async function publishUpload(
  place: Place,
  key: string,
  upload: Upload,
  { parts, bytes }: { parts: readonly CompletedPart[]; bytes: number },
  ifAbsent: boolean,
  ctx: Context,
): Promise<void> {
  const complete = (condition: Condition) => completeUpload(place, upload, parts, condition, ctx)
  if (ifAbsent) await writeIfAbsent(place, key, upload.marker, 'complete', ctx, complete)
  else await complete({})
  const found = await lookUp(place, upload.name, ctx)
  // With another marker it is another's object already, which came after this one.
  if (found && (found.bytes === bytes || found.marker !== upload.marker)) return
  throw new AngeeError(
    'BACKEND_FAILED',
    `${upload.name} has ${found?.bytes ?? 'no'} bytes in ${place.location} after ${bytes} were sent`,
    {
      hint: 'The storage lost bytes. Check it and run again.',
      context: { key, sent: bytes, kept: found?.bytes },
      retry: 'later',
    },
  )
}
