import { type ErrorRow, errorTable } from './modem-error.ts'

const NO_NETWORK = 'the packet connection is not open'

/** SIMCom, words after `+IP ERROR:` (SIM7500/SIM7600 TCP/IP commands, <err_info>). */
const IP_ROWS: readonly ErrorRow[] = [
  [0, 'Connection time out', 'the server did not answer in time', 'far', 'passes'],
  [1, 'Bind port failed', 'the modem has no port free', 'restart'],
  [2, 'Port overflow', 'the modem does not take this port', 'report'],
  [3, 'Create socket failed', 'the modem has no connection free', 'restart'],
  [4, 'Network is already opened', 'the packet connection is open already', 'reopen'],
  [5, 'Network is already closed', 'the packet connection is closed already', 'reopen'],
  [6, 'No clients connected', NO_NETWORK, 'reopen'],
  [7, 'No active client', NO_NETWORK, 'reopen'],
  [8, 'Network not opened', NO_NETWORK, 'reopen'],
  [9, 'Client index overflow', 'the modem does not take this link number', 'report'],
  [10, 'Connection is already created', 'the connection is open already', 'reopen'],
  [11, 'Connection is not created', 'the connection is not open', 'reopen'],
  [12, 'Invalid parameter', 'the modem does not take a parameter', 'report'],
  [13, 'Operation not supported', 'the modem cannot do this', 'model'],
  [14, 'DNS query failed', 'the private network has no name server: use an address', 'far'],
  [15, 'TCP busy', 'the modem is still busy', 'soon', 'passes'],
  [16, 'Net close failed for socket opened|Netclose failed for socket opened', 'a connection is still open', 'reopen'],
  [17, 'Sending time out', 'the server did not confirm in time', 'far', 'passes'],
  [18, 'Sending failure for network error', 'the network failed', 'again', 'passes'],
  [19, 'Open failure for network error', 'the network failed', 'again', 'passes'],
  [20, 'Server is already listening', 'the modem is still busy', 'restart'],
  [21, 'Operation failed|No data', 'the modem refused, and it is not known why', 'none'],
]

/** SIMCom, <err> of `+CIPOPEN: 0,err`, `+NETOPEN: err` and `+NETCLOSE: err`. */
const CIPOPEN_ROWS: readonly ErrorRow[] = [
  [1, 'Network failure', 'the network failed, or the server refused', 'far', 'passes'],
  [2, 'Network not opened', NO_NETWORK, 'reopen'],
  [3, 'Wrong parameter', 'the modem does not take a parameter', 'report'],
  [4, 'Operation not supported', 'the modem cannot do this now', 'reopen'],
  [5, 'Failed to create socket', 'the modem has no connection free', 'restart'],
  [6, 'Failed to bind socket', 'the modem has no port free', 'restart'],
  [7, 'TCP server is already listening', 'the modem is still busy', 'restart'],
  [8, 'Busy', 'the modem is still busy', 'soon', 'passes'],
  [9, 'Sockets opened', 'a connection is still open', 'reopen'],
  [10, 'Timeout', 'the server did not answer in time', 'far', 'passes'],
  [11, 'DNS parse failed for AT+CIPOPEN', 'the private network has no name server: use an address', 'far'],
  [255, 'Unknown error', 'the modem refused, and it is not known why', 'none'],
]

/** Quectel, `+QIOPEN: 0,err` and `+QIGETERROR: err` (EC25, BG96 TCP/IP application notes). */
const QUECTEL_ROWS: readonly ErrorRow[] = [
  [550, 'Unknown error', 'the modem refused, and it is not known why', 'none'],
  [551, 'Operation blocked', 'the modem is still busy', 'soon', 'passes'],
  [552, 'Invalid parameters', 'the modem does not take a parameter', 'report'],
  [553, 'Memory not enough', 'the modem has no memory left', 'restart'],
  [554, 'Create socket failed', 'the modem has no connection free', 'restart'],
  [555, 'Operation not supported', 'the modem cannot do this', 'model'],
  [556, 'Socket bind failed', 'the modem has no port free', 'restart'],
  [557, 'Socket listen failed', 'the modem failed', 'restart'],
  [558, 'Socket write failed', 'the connection broke', 'reopen', 'passes'],
  [559, 'Socket read failed', 'the connection broke', 'reopen', 'passes'],
  [560, 'Socket accept failed', 'the connection broke', 'reopen', 'passes'],
  [561, 'Open PDP context failed', 'the network refused the connection', 'apn'],
  [562, 'Close PDP context failed', 'the packet connection cannot be closed', 'restart'],
  [563, 'Socket identity has been used', 'the connection is open already', 'reopen'],
  [564, 'DNS busy', 'the modem is still busy', 'soon', 'passes'],
  [565, 'DNS parse failed', 'the private network has no name server: use an address', 'far'],
  [566, 'Socket connect failed', 'the server is not reached or refused', 'far', 'passes'],
  [567, 'Socket has been closed', 'the connection is closed', 'reopen', 'passes'],
  [568, 'Operation busy', 'the modem is still busy', 'soon', 'passes'],
  [569, 'Operation timeout', 'the server did not answer in time', 'far', 'passes'],
  [570, 'PDP context broken down', 'the packet connection broke', 'reopen', 'passes'],
  [571, 'Cancel send', 'the connection broke', 'reopen', 'passes'],
  [572, 'Operation not allowed', 'the modem does not allow this now', 'reopen'],
  [573, 'APN not configured', 'no access point is set', 'apn'],
  [574, 'Port busy', 'the modem is still busy', 'soon', 'passes'],
]

export const IP_ERRORS = errorTable('IP', IP_ROWS)
export const CIPOPEN_ERRORS = errorTable('CIPOPEN', CIPOPEN_ROWS)
export const QUECTEL_ERRORS = errorTable('QUECTEL', QUECTEL_ROWS)
