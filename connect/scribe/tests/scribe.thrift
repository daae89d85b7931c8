// Scribe's interface, as much of it as the peer of the tests speaks.
enum ResultCode { OK, TRY_LATER }
enum fb_status { DEAD, STARTING, ALIVE, STOPPING, STOPPED, WARNING }

struct LogEntry {
  1: string category,
  2: string message
}

service scribe {
  ResultCode Log(1: list<LogEntry> messages);
  string getName();
  string getVersion();
  fb_status getStatus();
  string getStatusDetails();
  map<string, i64> getCounters();
  i64 getCounter(1: string key);
  map<string, string> getOptions();
  i64 aliveSince();
  oneway void shutdown();
  string getCpuProfile(1: i32 profileDurationInSec);
}
