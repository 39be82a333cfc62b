#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What a worker may take from the system.
enum ResourceLimits {
    /// Bounds memory, and forbids core files and writing. Best effort: a system that refuses one leaves it as it was.
    static func bound(addressSpaceBytes: UInt64) {
        // Sanitizers map terabytes that they never touch.
        if !hasSanitizer { set(RLIMIT_AS, addressSpaceBytes) }
        set(RLIMIT_CORE, 0)
        set(RLIMIT_FSIZE, 0)
    }

    private static var hasSanitizer: Bool {
        let program = unsafe dlopen(nil, RTLD_NOW)
        return ["__asan_init", "__tsan_init", "__hwasan_init"].contains { (name: String) in
            unsafe dlsym(program, name) != nil
        }
    }

    #if canImport(Darwin)
    private typealias Resource = Int32
    #else
    private typealias Resource = __rlimit_resource
    #endif

    private static func set(_ resource: Resource, _ value: UInt64) {
        var limit = rlimit()
        #if canImport(Darwin)
        guard unsafe getrlimit(resource, &limit) == 0 else { return }
        #else
        guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return }
        #endif
        limit.rlim_cur = min(limit.rlim_max, rlim_t(value))
        limit.rlim_max = limit.rlim_cur
        #if canImport(Darwin)
        _ = unsafe setrlimit(resource, &limit)
        #else
        _ = unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        #endif
    }
}
