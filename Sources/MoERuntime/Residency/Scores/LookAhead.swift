/// What loading experts ahead of need has done, and whether it still pays: it ends itself when the time that wrong guesses
/// took exceeds the waiting that right ones saved. A value; the cache keeps it under its lock.
struct LookAhead {
    /// A block that is loaded because the next run of its layer is expected to use it.
    struct Guess {
        /// Nil until a thread takes it up.
        var begin: ContinuousClock.Instant?
        /// How long the load took; nil until it has ended.
        var duration: Duration?
    }

    /// Guesses that are judged before any conclusion is drawn.
    private static let trial: UInt64 = 32
    /// What is kept of the balance when another guess is judged.
    private static let memory = 0.98

    private(set) var statistics = LookAheadStatistics()
    /// Seconds saved less seconds wasted, the last guesses counting most.
    private var balance = 0.0

    var isOn: Bool { statistics.endedAfter == nil }

    mutating func predicted(_ count: Int) { statistics.predictions += UInt64(count) }

    mutating func began(bytes: Int) {
        statistics.loads += 1
        statistics.bytes += UInt64(bytes)
    }

    /// The layer ran and used the block: what was loaded until then need not be waited for.
    mutating func wasRight(_ guess: Guess, at now: ContinuousClock.Instant) {
        statistics.used += 1
        guard let begin = guess.begin else { return judge(0) }
        let saved = min(begin.duration(to: now), guess.duration ?? .seconds(3600))
        statistics.savedSeconds += saved.inSeconds
        judge(saved.inSeconds)
    }

    /// The layer ran without the block, or others needed its room.
    mutating func wasWrong(_ guess: Guess, bytes: Int, at now: ContinuousClock.Instant) {
        statistics.wasted += 1
        statistics.bytesWasted += UInt64(bytes)
        let wasted = guess.duration ?? guess.begin.map { $0.duration(to: now) } ?? .zero
        statistics.wastedSeconds += wasted.inSeconds
        judge(-wasted.inSeconds)
    }

    private mutating func judge(_ seconds: Double) {
        balance = Self.memory * balance + seconds
        let judged = statistics.used + statistics.wasted
        if isOn, judged >= Self.trial, balance < 0 { statistics.endedAfter = judged }
    }
}

/// What looking ahead has done since the file was opened.
public struct LookAheadStatistics: Hashable, Sendable {
    /// Experts that early routing named.
    public var predictions: UInt64 = 0
    /// Those of them that were not in memory and were loaded ahead, and the bytes that they take there.
    public var loads: UInt64 = 0
    public var bytes: UInt64 = 0
    /// Of these, those that their layer then used.
    public var used: UInt64 = 0
    /// And those that it did not, or that had to go before.
    public var wasted: UInt64 = 0
    public var bytesWasted: UInt64 = 0
    /// Seconds that used ones had been loading when they were needed: waiting that was saved at most.
    public var savedSeconds = 0.0
    /// Seconds that wasted ones took to load.
    public var wastedSeconds = 0.0
    /// After how many loads it ended itself since it did not pay; nil while it goes on.
    public var endedAfter: UInt64?

    public init() {}
}
