/** @file Pictures that are decoded when they are shown. */
import type { Picture } from 'ganscope/inference';
import { useEffect, useState } from 'preact/hooks';
import type { NamedPicture } from '../state/pictures.js';
import { PictureCanvas } from './canvas.js';

/** A picture of the user's, small; it is decoded when it is shown. */
export function Thumbnail({ of }: { of: NamedPicture }) {
  const [picture, setPicture] = useState<Picture | string>();
  useEffect(() => {
    let isShown = true;
    setPicture(undefined);
    of.picture().then(
      (made) => isShown && setPicture(made),
      (error: Error) => isShown && setPicture(error.message),
    );
    return () => {
      isShown = false;
    };
  }, [of]);
  if (typeof picture === 'string')
    return (
      <span class="broken" title={picture}>
        !
      </span>
    );
  return picture ? <PictureCanvas picture={picture} label="" /> : <span class="blank" />;
}
