internal import MoEFormat

extension ExpertCache {
    /// Blocks that stay in memory until the lease ends.
    final class Lease: Sendable {
        private let cache: ExpertCache
        let blocks: [Int]
        /// Those that were in memory already.
        let hits: Set<Int>

        init(_ cache: ExpertCache, blocks: [Int], hits: Set<Int>) {
            self.cache = cache
            self.blocks = blocks
            self.hits = hits
        }

        deinit { cache.end(blocks) }

        /// The block's parts, once they are in memory.
        ///
        /// - Throws: what loading threw; other blocks are unaffected.
        func parts(of block: Int) throws(FormatError) -> [StoredPart] { try cache.wait(for: block).parts }
    }
}
