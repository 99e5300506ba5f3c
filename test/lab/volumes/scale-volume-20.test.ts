// lab: 900 s, scale_volume
import { describeScaleVolume } from './scale-volume.ts';

describeScaleVolume('overlay2-20');
