import { shell } from '../../shell/shell.ts';

/** `restart_daemon`, `start_daemon`: three starts a minute trip systemd's start limit, hence the reset before. `answers`: it does, after a while. */
export const daemonFunctions = shell('operations/daemon/daemon.sh');
