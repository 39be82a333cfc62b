import Foundation
import MoEFormat

/// How long something took: by the clock, and in processor time of all threads of the process.
struct Duration {
    private(set) var wall = 0.0
    private(set) var processor = 0.0

    static func of(_ body: () throws -> Void) rethrows -> Duration {
        let processor = now(CLOCK_PROCESS_CPUTIME_ID)
        let wall = now(CLOCK_MONOTONIC)
        try body()
        return Duration(wall: now(CLOCK_MONOTONIC) - wall, processor: now(CLOCK_PROCESS_CPUTIME_ID) - processor)
    }

    /// `seconds` and `cpu` in front of other results.
    func json(_ others: JSONObject = JSONObject()) -> JSONObject {
        var object: JSONObject = ["seconds": .number(wall), "cpu": .number(processor)]
        for (key, value) in others.members { object[key] = value }
        return object
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
