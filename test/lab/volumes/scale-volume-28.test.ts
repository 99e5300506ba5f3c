// lab: 1100 s, scale_volume
import { describeScaleVolume } from './scale-volume.ts';

describeScaleVolume('overlay2-28');
